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
  /** The ended spans, in the order in which they ended. */
  readonly ended: () => readonly ReadableSpan[];
  /** Forgets the ended spans. */
  readonly reset: () => void;
  /** Turns tracing off in this process. */
  readonly stop: () => void;
}

/** Turns tracing on in this process. The sampler follows the caller of a request, and records every trace begun here. */
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

/** A copy of the SDK's context manager, which jest would load as another module instance. */
class Contexts implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();
  active = () => this.storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, fn, thisArg, ...args) =>
    this.storage.run(active, () => fn.call(thisArg as never, ...args));
  bind = <T>(_: Context, target: T) => target;
  enable = () => this;
  disable = () => this;
}
