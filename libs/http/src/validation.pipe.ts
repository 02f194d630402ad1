import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { DomainError } from '@orders/contracts';
import { fieldErrors, parameter, pointer } from './field-errors.js';

/**
 * Validates by the schema of `@Body({ schema })`, `@Query({ schema })` and `@Param({ schema })`. An invalid body is
 * `validation-failed` with RFC 6901 pointers. An invalid query or path is `malformed-request` with names of parameters.
 */
@Injectable()
export class ValidationPipe implements PipeTransform {
  async transform(value: unknown, { schema, type }: ArgumentMetadata): Promise<unknown> {
    if (!schema) return value;
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value;
    const isBody = type === 'body';
    const errors = fieldErrors(result.issues, isBody ? pointer : parameter);
    const [first] = errors;
    throw new DomainError(
      isBody ? 'validation-failed' : 'malformed-request',
      first
        ? `${first.pointer || (isBody ? 'The body' : 'The query')}: ${first.detail}`
        : 'The request breaks a rule',
      { errors },
    );
  }
}
