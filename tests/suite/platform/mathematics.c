/* A platform whose mathematics are others: each function of it gives the next number above the right one.
   Square roots and whole numbers are exact on every platform, and stay. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>

#define OF_ONE(name)                                                                  \
    double name(double x) {                                                           \
        double (*right)(double) = (double (*)(double))dlsym(RTLD_NEXT, #name);        \
        return nextafter(right(x), INFINITY);                                         \
    }                                                                                 \
    float name##f(float x) {                                                          \
        float (*right)(float) = (float (*)(float))dlsym(RTLD_NEXT, #name "f");        \
        return nextafterf(right(x), INFINITY);                                        \
    }

#define OF_TWO(name)                                                                             \
    double name(double x, double y) {                                                            \
        double (*right)(double, double) = (double (*)(double, double))dlsym(RTLD_NEXT, #name);   \
        return nextafter(right(x, y), INFINITY);                                                 \
    }                                                                                            \
    float name##f(float x, float y) {                                                            \
        float (*right)(float, float) = (float (*)(float, float))dlsym(RTLD_NEXT, #name "f");     \
        return nextafterf(right(x, y), INFINITY);                                                \
    }

OF_ONE(sin) OF_ONE(cos) OF_ONE(tan) OF_ONE(asin) OF_ONE(acos) OF_ONE(atan)
OF_ONE(sinh) OF_ONE(cosh) OF_ONE(tanh) OF_ONE(asinh) OF_ONE(acosh) OF_ONE(atanh)
OF_ONE(exp) OF_ONE(exp2) OF_ONE(exp10) OF_ONE(expm1)
OF_ONE(log) OF_ONE(log2) OF_ONE(log10) OF_ONE(log1p)
OF_ONE(cbrt) OF_ONE(tgamma) OF_ONE(lgamma) OF_ONE(erf) OF_ONE(erfc)
OF_TWO(pow) OF_TWO(atan2) OF_TWO(hypot)

void sincos(double x, double *sine, double *cosine) {
    *sine = sin(x);
    *cosine = cos(x);
}

void sincosf(float x, float *sine, float *cosine) {
    *sine = sinf(x);
    *cosine = cosf(x);
}
