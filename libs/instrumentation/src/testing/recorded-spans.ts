import { AsyncLocalStorage } from 'node:async_hooks';

import { type Context, context, type ContextManager, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

import { setTelemetry } from '../telemetry.js';

export interface RecordedSpans {
  /** Those that have ended, in the order in which they did. */
  readonly ended: () => readonly ReadableSpan[];
  readonly reset: () => void;
  /** Ends tracing in this process. */
  readonly stop: () => void;
}

/** Turns tracing on in this process, with a sampler that does as the caller of a request does and else records. */
export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new Contexts());
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  setTelemetry(provider);
  return {
    ended: () => exporter.getFinishedSpans(),
    reset: () => exporter.reset(),
    stop: () => {
      setTelemetry(undefined);
      trace.disable();
      context.disable();
    },
  };
}

/** As the SDK's own, which jest loads from another module instance. */
class Contexts implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();
  active = () => this.storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, fn, thisArg, ...args) =>
    this.storage.run(active, () => fn.call(thisArg as never, ...args));
  bind = <T>(_: Context, target: T) => target;
  enable = () => this;
  disable = () => this;
}
