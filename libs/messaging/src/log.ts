/** The logger that this library writes to, for example a pino logger. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Writes nothing, as where a command prints itself what happens. */
export const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
