/** How dear a price is among its neighbours, for its colour. */

export type PriceLevel = 'negative' | 'cheap' | 'middle' | 'dear';

/**
 * A function that grades prices: below 0 negative; the lower third of the span between the 5th and 95th
 * percentile cheap, its upper third dear. When that span is under a tenth of the mean, nothing is worth
 * a colour.
 */
export function grader(prices: readonly (number | null)[]): (price: number) => PriceLevel {
  const sorted = prices.filter((p) => p !== null).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  const [low, high] = [at(0.05), at(0.95)];
  const mean = sorted.reduce((all, p) => all + p, 0) / Math.max(1, sorted.length);
  const flat = high - low <= 0.1 * Math.abs(mean);
  return (price) => {
    if (price < 0) return 'negative';
    if (flat) return 'middle';
    if (price <= low + (high - low) / 3) return 'cheap';
    return price >= high - (high - low) / 3 ? 'dear' : 'middle';
  };
}
