/** A duration as grpc-js wants it here: an object, instead of the text of gRPC's JSON. */
const ms = (value: number) => ({ seconds: Math.floor(value / 1_000), nanos: (value % 1_000) * 1_000_000 });

/**
 * Round robin over the replicas. One of which more than 90 % of calls fail is ejected for 8 s (gRPC A50), unless it is
 * the only one left. Outlier detection counts every status but OK as a failure, also NOT_FOUND.
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
