/** The smallest UUIDv7 (RFC 9562) of this millisecond. */
export function firstUuidV7(time: Date): string {
  const ms = time.getTime().toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-000000000000`;
}
