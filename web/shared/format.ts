/** Numbers and spans of time as the pages write them. */

export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** 93500 → `1m 33.5s`; what is below a second in milliseconds. */
export function span(ms: number): string {
  const sign = ms < 0 ? '−' : '';
  const all = Math.abs(ms);
  if (all < 1000) return `${sign}${Math.round(all * 10) / 10} ms`;
  if (all < 60_000) return `${sign}${Math.round(all / 10) / 100} s`;
  const [days, hours] = [Math.floor(all / 86_400_000), Math.floor(all / 3_600_000) % 24];
  const [minutes, seconds] = [Math.floor(all / 60_000) % 60, (all % 60_000) / 1000];
  const parts = [
    ...(days > 0 ? [`${days}d`] : []),
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(minutes > 0 ? [`${minutes}m`] : []),
    ...(seconds > 0 && days === 0 ? [`${Math.round(seconds * 10) / 10}s`] : []),
  ];
  return `${sign}${parts.join(' ')}`;
}

/** A label of a time axis whose ticks are `stepMs` apart. */
export function tickLabel(ms: number, stepMs: number): string {
  if (stepMs < 1000 && Math.abs(ms) < 60_000) {
    return `${(ms / 1000).toFixed(stepMs < 10 ? 3 : stepMs < 100 ? 2 : 1)}s`;
  }
  return Math.abs(ms) < 60_000 ? `${Math.round(ms / 1000)}s` : span(Math.round(ms));
}

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5,
  36e5, 72e5, 216e5, 432e5, 864e5, 1728e5, 6048e5,
];

/** The ticks of an axis with room for `room` of them. */
export function timeTicks(
  fromMs: number,
  toMs: number,
  room: number,
): { readonly stepMs: number; readonly at: readonly number[] } {
  const wanted = (toMs - fromMs) / Math.max(1, room);
  const stepMs = STEPS_MS.find((step) => step >= wanted) ?? STEPS_MS.at(-1) ?? 1;
  const at: number[] = [];
  for (let ms = Math.ceil(fromMs / stepMs) * stepMs; ms <= toMs; ms += stepMs) at.push(ms);
  return { stepMs, at };
}
