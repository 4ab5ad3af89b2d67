/** The product's version: put in by the build; under the test runner, which does not build, a word. */
declare const LYREBIRD_VERSION: string | undefined;

export const VERSION: string = typeof LYREBIRD_VERSION === 'string' ? LYREBIRD_VERSION : 'development';
