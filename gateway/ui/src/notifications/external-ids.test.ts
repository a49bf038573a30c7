/** Rules of lists of external ids. */
import { expect, it } from 'vitest';
import { externalIdsIn } from './external-ids';

it('a pasted list may stand one a line or with commas, and says each id once', () => {
  expect(externalIdsIn(' A-1\r\nA-2,A-3;A-4\tA-1\n\n"A-5"')).toEqual(['A-1', 'A-2', 'A-3', 'A-4', 'A-5']);
  expect(externalIdsIn(' \n')).toEqual([]);
});

it('a file of clients gives its column of ids', () => {
  const file = '\ufeffname;external_id;phone\r\n"Núñez; Hijos";"A ""1""";300\r\nAna;007;301\r\nEva;;302';
  expect(externalIdsIn(file)).toEqual(['A "1"', '007']);
  expect(externalIdsIn('external_id\nA,1')).toEqual(['A']);
  expect(externalIdsIn('external_id,name\n"A,1",Ana')).toEqual(['A,1']);
});
