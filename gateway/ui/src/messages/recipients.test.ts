/** Rules of the recipients of a message. */
import { describe, expect, it } from 'vitest';
import type { User } from '../contract';
import { address, type Choice, namesPeople, peopleOf, suggest } from './recipients';

const user = (id: string, name: string, roles: User['roles'], companies: string[], active = true): User => ({
  id,
  name,
  email: null,
  phone: null,
  roles,
  companies,
  active,
});
const users = [
  user('u1', 'José Pérez', ['operator'], ['c1']),
  user('u2', 'Nora Castaño', ['operator', 'notifier'], ['c1', 'c2']),
  user('u3', 'Joseba Ruiz', ['auditor'], ['c2']),
  user('u4', 'Inactiva', ['operator'], ['c1'], false),
];
const person = (id: string, label: string, detail = ''): Choice => ({ kind: 'user', id, label, detail });
const role = (id: string): Choice => ({ kind: 'role', id, label: id, detail: '' });
const company = (id: string): Choice => ({ kind: 'company', id, label: `Todos los de ${id}`, detail: '' });

describe('suggestions', () => {
  const all = [person('u1', 'José Pérez', 'Operador · Norte'), person('u2', 'Nora Castaño'), company('Norte')];
  it('find José by jose', () => {
    expect(suggest(all, 'jose', []).map((c) => c.id)).toEqual(['u1']);
  });
  it('put what is named so before what only belongs to it', () => {
    expect(suggest(all, 'norte', []).map((c) => c.kind)).toEqual(['company', 'user']);
  });
  it('leave out what is chosen', () => {
    expect(suggest(all, '', [all[0] as Choice]).map((c) => c.id)).toEqual(['u2', 'Norte']);
  });
  it('need every word', () => {
    expect(suggest(all, 'jose castano', [])).toEqual([]);
  });
});

describe('the people of a message', () => {
  it('are each counted once, active, and not the author unless named', () => {
    expect([...peopleOf([role('operator'), company('c1')], users, 'u1')]).toEqual(['u2']);
    expect([...peopleOf([role('operator'), person('u1', '')], users, 'u1')]).toEqual(['u2', 'u1']);
  });
});

describe('the address', () => {
  it('must name people only for a company beside a role or another company', () => {
    expect(namesPeople([company('c1')])).toBe(false);
    expect(namesPeople([company('c1'), person('u1', '')])).toBe(false);
    expect(namesPeople([role('operator'), role('auditor'), person('u1', '')])).toBe(false);
    expect(namesPeople([company('c1'), role('operator')])).toBe(true);
    expect(namesPeople([company('c1'), company('c2')])).toBe(true);
  });
  it('names a lone company', () => {
    expect(address([company('c1'), person('u3', '')], users, 'u9')).toEqual({
      recipients: ['u3'],
      roles: [],
      company: 'c1',
    });
  });
  it('sends a company beside a role as its people, for the server would narrow the role to it', () => {
    expect(address([company('c2'), role('operator')], users, 'u9')).toEqual({
      recipients: ['u2', 'u3'],
      roles: ['operator'],
      company: null,
    });
  });
  it('sends two companies as their people, each once', () => {
    expect(address([company('c1'), company('c2')], users, 'u9')).toEqual({
      recipients: ['u1', 'u2', 'u3'],
      roles: [],
      company: null,
    });
  });
});
