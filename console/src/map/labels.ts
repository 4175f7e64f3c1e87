// Names on the chart, first come first drawn: one that would cover another is left out.

import type { Ink } from './ink';

interface LabelStyle {
  colour: string;
  align: 'right' | 'below';
  bold?: boolean;
  italic?: boolean;
}

const FAMILY = "'Noto Sans', 'Noto Sans Thai', 'Noto Sans Khmer', sans-serif";
const HEIGHT = 14;

export class LabelRoom {
  private taken: [number, number, number, number][] = [];

  constructor(
    private readonly ctx: CanvasRenderingContext2D,
    private readonly ink: Ink,
    private readonly width: number,
    private readonly height: number,
  ) {}

  place(text: string, x: number, y: number, style: LabelStyle) {
    if (x < -100 || y < -HEIGHT || x > this.width || y > this.height + HEIGHT) return;
    const { ctx } = this;
    ctx.font = `${style.italic ? 'italic ' : ''}${style.bold ? 600 : 400} 11px ${FAMILY}`;
    const wide = ctx.measureText(text).width;
    const left = style.align === 'below' ? x - wide / 2 : x;
    const top = style.align === 'below' ? y : y - HEIGHT / 2;
    const box: [number, number, number, number] = [left - 3, top - 1, left + wide + 3, top + HEIGHT];
    const clash = this.taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
    if (clash) return;
    this.taken.push(box);
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    ctx.lineJoin = 'round';
    ctx.lineWidth = 3;
    ctx.strokeStyle = this.ink.halo;
    ctx.strokeText(text, left, top + HEIGHT / 2);
    ctx.fillStyle = style.colour;
    ctx.fillText(text, left, top + HEIGHT / 2);
  }
}
