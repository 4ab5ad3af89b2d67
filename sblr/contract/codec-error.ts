/**
 * CodecError: bytes that do not follow the layout they claim to have. The codecs throw it; whoever
 * read the bytes turns it into its own failure (a refused program, a lost link).
 */
export class CodecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CodecError';
  }
}
