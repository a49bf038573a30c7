/** Rules of pages by path. */
import { describe, expect, it } from 'vitest';
import { match } from './router';

describe('paths', () => {
  it('give their named parts', () => {
    expect(match('/mensajes/:id', '/mensajes/a%20b')).toEqual({ id: 'a b' });
    expect(match('/notificaciones/:id/historial', '/notificaciones/1/historial')).toEqual({ id: '1' });
  });
  it('may hold a stray percent sign', () => {
    expect(match('/mensajes/:id', '/mensajes/100%')).toEqual({ id: '100%' });
  });
  it('must agree wholly', () => {
    expect(match('/mensajes', '/mensajes/1')).toBeNull();
    expect(match('/mensajes/:id', '/enviados/1')).toBeNull();
    expect(match('/', '/')).toEqual({});
  });
});
