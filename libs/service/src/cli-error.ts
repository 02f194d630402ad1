/** A problem that the user can solve. Its message is one line that tells what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param exitCode 2: wrong usage; 1: anything else */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
