/** Rules of reading a refusal. */
import { describe, expect, it } from 'vitest';
import { Problem } from './problem';

const problem = new Problem(422, {
  title: 'Datos inválidos',
  detail: 'Hay errores.',
  errors: [
    { pointer: '/body', code: 'a', detail: 'Primero.' },
    { pointer: '/body', code: 'b', detail: 'Segundo.' },
    { pointer: '/contacts/0/phone', code: 'c', detail: 'Teléfono.' },
    { pointer: '#/subject', code: 'd', detail: 'Asunto.' },
  ],
});

describe('a problem', () => {
  it('gives each field its first error', () => {
    expect(problem.fields).toEqual({ body: 'Primero.', 'contacts.0.phone': 'Teléfono.', subject: 'Asunto.' });
  });
  it('says above the form what belongs to no field of it', () => {
    expect(problem.outside(['body', 'subject'])).toBe('Teléfono.');
    expect(problem.outside(['body', 'subject', 'contacts.0.phone'])).toBe('');
  });
  it('without errors by field says its detail', () => {
    expect(new Problem(409, { detail: 'Ya terminó.' }).outside(['body'])).toBe('Ya terminó.');
  });
  it('without words has words of its own', () => {
    expect(Problem.offline().message).toBe('No hay conexión con el servidor.');
    expect(new Problem(413).message).toBe('El contenido supera el tamaño permitido.');
  });
});
