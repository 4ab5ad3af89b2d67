/** Loads every function definition into the registry. Import this once before looking anything up. */
import './operators-comparison.ts';
import './operators-arithmetic.ts';
import './math.ts';
import './strings.ts';
import './regex-functions.ts';
import './arrays.ts';
import './date-time-functions.ts';
import './aggregates.ts';
import './windows.ts';
import './series.ts';
import './format-date.ts';
import './format-number.ts';
import './json-functions.ts';
import './json-path.ts';
import './json-sets.ts';
import './session-functions.ts';
import './catalog-functions.ts';
import './privilege-functions.ts';

