// Imports nothing, because the generator of docs/metrics.md runs it from source.

/** Upper bounds of the histogram buckets of every request duration, in seconds: 1 ms to 10 s. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Upper bounds for what takes milliseconds when all is well and hours after an outage, in seconds: 10 ms to a day. */
export const DELAY_BUCKETS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400,
];

/** Upper bounds for the number of items in a batch. Powers of two: 2 and 4 differ as much as 128 and 256. */
export const SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
