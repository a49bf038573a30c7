/** Rules of the names of notifications in lists. */
import { describe, expect, it } from 'vitest';
import { hasTags, titleOf, withoutTags } from './title';

describe('the title of a notification', () => {
  it('names the variables of a template instead of showing its tags', () => {
    const body = '{% if a %}Hola {{ cliente.nombre | upper }}{% endif %}, corte a las {{hora}}';
    expect(titleOf({ subject: null, body, template_id: 't' })).toBe('Hola ‹cliente.nombre›, corte a las ‹hora›');
    expect(withoutTags('{# nota #}Hola')).toBe('Hola');
  });
  it('is the text verbatim without a template, and the subject before the text', () => {
    expect(titleOf({ subject: null, body: 'Hola {{ nombre }}', template_id: null })).toBe('Hola {{ nombre }}');
    expect(titleOf({ subject: 'Corte', body: 'Hola', template_id: null })).toBe('Corte');
  });
});

describe('a text that looks like a template', () => {
  it('has tags of variables or of statements', () => {
    expect(['Hola {{ cliente.nombre }}', '{% if x %}', '{{\nnombre }}'].every(hasTags)).toBe(true);
    expect(['Hola {nombre}', 'a {{ b', '100 %} {', ''].some(hasTags)).toBe(false);
  });
});
