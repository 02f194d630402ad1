/** grpc-js takes durations as objects here, not as gRPC's JSON has them. */
const ms = (value: number) => ({ seconds: Math.floor(value / 1_000), nanos: (value % 1_000) * 1_000_000 });

/**
 * One replica after the other; one of which more than nine in ten calls fail is left out for 8 s (gRPC A50), unless it
 * is the only one that is left. Every status but OK is a failure to it: what is asked for in vain (404) too.
 */
export const BALANCING = [
  {
    outlier_detection: {
      interval: ms(250),
      base_ejection_time: ms(8_000),
      max_ejection_time: ms(8_000),
      max_ejection_percent: 50,
      failure_percentage_ejection: {
        threshold: 90,
        enforcement_percentage: 100,
        minimum_hosts: 2,
        request_volume: 5,
      },
      child_policy: [{ round_robin: {} }],
    },
  },
];
