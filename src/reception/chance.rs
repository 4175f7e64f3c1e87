//! How likely a transmission is heard, when so many were heard and so many missed: the beta distribution.

/// The quantile below which the true chance lies with 5 %. Definition 6.0.
const LOW: f64 = 0.05;

/// The middle of Beta(1 + heard, 1 + missed), and its 5 % quantile.
pub(super) fn of(heard: f64, missed: f64) -> (f64, f64) {
    let (a, b) = (1.0 + heard, 1.0 + missed);
    (a / (a + b), quantile(a, b, LOW))
}

/// Where the regularised incomplete beta function of `a` and `b` reaches `share`, by halving: it only rises.
fn quantile(a: f64, b: f64, share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if incomplete_beta(a, b, middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function. Source: Abramowitz and Stegun, 26.5.8, by Lentz's method.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = libm::exp(
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x),
    );
    // The fraction converges quickly on this side of the middle only.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let off_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / off_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for m in 1..=500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / off_zero(1.0 + term * d);
            c = off_zero(1.0 + term / c);
            change = c * d;
            result *= change;
        }
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incomplete_beta_function_is_that_of_closed_forms() {
        for x in [0.01, 0.3, 0.5, 0.77, 0.999] {
            // I(1, b) = 1 - (1 - x)^b, I(a, 1) = x^a, and I(a, b) = 1 - I(b, a) at 1 - x.
            assert!((incomplete_beta(1.0, 7.0, x) - (1.0 - (1.0 - x).powi(7))).abs() < 1e-12);
            assert!((incomplete_beta(30.0, 1.0, x) - x.powi(30)).abs() < 1e-12);
            // Two of each: 3x² - 2x³.
            assert!((incomplete_beta(2.0, 2.0, x) - (3.0 * x * x - 2.0 * x * x * x)).abs() < 1e-12);
            let mirrored = incomplete_beta(12.5, 40.0, x) + incomplete_beta(40.0, 12.5, 1.0 - x);
            assert!((mirrored - 1.0).abs() < 1e-12);
        }
        // The binomial's tail: the chance of 4 or more of 10 at 0.3.
        assert!((incomplete_beta(4.0, 7.0, 0.3) - 0.350_389_281_6).abs() < 1e-9);
    }

    #[test]
    fn the_lower_quantile_is_where_five_percent_lie_below() {
        // Of Beta(1 + n, 1): the twentieth part's (n + 1)th root.
        for n in [0.0, 9.0, 30.0, 1000.0] {
            let (_, lower) = of(n, 0.0);
            assert!((lower - libm::pow(0.05, 1.0 / (n + 1.0))).abs() < 1e-9, "{n}");
        }
        let (chance, lower) = of(15.0, 15.0);
        assert!((chance - 0.5).abs() < 1e-12 && (0.35..0.37).contains(&lower), "{lower}");
        let (_, many) = of(30_000.0, 30_000.0);
        assert!((0.496..0.497).contains(&many), "{many}");
    }
}
