import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { ServiceDefinition } from '@grpc/grpc-js';

/**
 * The same service, whose requests may have integers beyond 2^53-1: they are read as NaN, and the handler must refuse
 * them. The generated code throws, so that one such integer would fail a whole batch as INTERNAL.
 */
export function acceptLargeIntegers<S extends ServiceDefinition>(service: S): S {
  const methods = Object.entries(service).map(([name, method]) => {
    const { requestDeserialize: decode } = method;
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        return decode(bytes);
      } catch {
        // A generated decoder takes a reader too. It throws again when the integers were not the reason.
        return decode(new LargeIntegersAsNaN(bytes) as unknown as Buffer);
      }
    };
    return [name, { ...method, requestDeserialize }];
  });
  return Object.fromEntries(methods) as S;
}

class LargeIntegersAsNaN extends BinaryReader {
  override int64(): bigint | string {
    const value = super.int64();
    return Number.isSafeInteger(Number(value)) ? value : 'NaN';
  }
}
