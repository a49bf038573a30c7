/** Rules of the form of a template. */
import { describe, expect, it } from 'vitest';
import type { Template } from '../contract';
import { EMPTY_TEMPLATE, errorsFrom, fieldsOf, formOf } from './template-form';

const template: Template = {
  id: 't1',
  company_id: null,
  name: 'Corte',
  channel: 'email',
  category: 'service',
  version: 2,
  last_version: 2,
  subject: 'Aviso',
  body: 'Hola',
  body_derived: true,
  html: '<p>Hola</p>',
  variables: [{ name: 'dia', default: null, sample: 'lunes' }],
  author: { id: 'u1', name: 'Eva' },
  changed_at: '2026-11-30T00:00:00Z',
};

describe('the form of a template', () => {
  it('sends a text that was made of the HTML to be made again', () => {
    const fields = fieldsOf(formOf(template));
    expect(fields).not.toHaveProperty('body');
    expect(fields).toMatchObject({ company_id: null, subject: 'Aviso', html: '<p>Hola</p>' });
    expect(fieldsOf(formOf({ ...template, body_derived: false })).body).toBe('Hola');
  });
  it('sends an SMS without subject and HTML, though they were written', () => {
    const form = { ...EMPTY_TEMPLATE, subject: 'x', html: '<p>x</p>', body: 'Hola' };
    expect(fieldsOf(form)).not.toHaveProperty('subject');
    expect(fieldsOf(form)).not.toHaveProperty('html');
    expect(fieldsOf({ ...form, body: '' }).body).toBe('');
  });
  it('leaves out variables without a name, and defaults that are empty', () => {
    const variables = [
      { name: 'dia', default: '', sample: 'lunes' },
      { name: '', default: 'x', sample: '' },
    ];
    expect(fieldsOf({ ...EMPTY_TEMPLATE, variables }).variables).toEqual(template.variables);
  });
  it('puts the server errors by their field', () => {
    const errors = errorsFrom({ company_id: 'a', 'variables.0.name': 'b', 'variables.1.name': 'c', body: 'd' });
    expect(errors).toEqual({ company: 'a', variables: 'b', body: 'd' });
  });
});
