/** The recipients of a message: the choices, the number of people, and the fields of the request. */
import type { Company, NewMessage, Role, User } from '../contract';
import { plain } from '../i18n';

export interface Choice {
  kind: 'user' | 'role' | 'company';
  id: string;
  label: string;
  detail: string;
}
export interface Directory {
  users: User[];
  companies: Company[];
  /** False if there are more users than were loaded: then counts are «at least». */
  complete: boolean;
}

/** The most suggestions at once. */
export const SUGGESTIONS_MAX = 12;

export const same = (a: Choice, b: Choice) => a.kind === b.kind && a.id === b.id;

/** Every typed word must begin a word of the label or its detail, without regard to accents; matches in the label come first. */
export function suggest(all: Choice[], typed: string, chosen: Choice[]): Choice[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const fits = (choice: Choice) => {
    const found = ` ${plain(`${choice.label} ${choice.detail}`)}`;
    return words.every((word) => found.includes(` ${word}`) || (word.length > 2 && found.includes(word)));
  };
  const open = all.filter((choice) => fits(choice) && !chosen.some((other) => same(choice, other)));
  if (words.length === 0) return groupsAndSomePeople(open);
  const named = (choice: Choice) => words.every((word) => plain(choice.label).includes(word));
  return [...open.filter(named), ...open.filter((choice) => !named(choice))].slice(0, SUGGESTIONS_MAX);
}

/** Before anything is typed the groups come first, so that the people do not hide them. */
function groupsAndSomePeople(open: Choice[]): Choice[] {
  const groups = open.filter((choice) => choice.kind !== 'user');
  const people = open.filter((choice) => choice.kind === 'user');
  const room = Math.max(4, SUGGESTIONS_MAX - groups.length);
  return [...people.slice(0, room), ...groups].slice(0, SUGGESTIONS_MAX);
}

const inCompany = (user: User, company: string) => user.companies.includes(company);

/** The people of all choices, each once; the author only if named. */
export function peopleOf(choices: Choice[], users: User[], author: string): Set<string> {
  const people = new Set<string>();
  for (const choice of choices) {
    if (choice.kind === 'user') people.add(choice.id);
    else for (const user of membersOf(choice, users)) if (user.id !== author) people.add(user.id);
  }
  return people;
}

function membersOf(choice: Choice, users: User[]): User[] {
  if (choice.kind === 'role') return users.filter((user) => user.active && user.roles.includes(choice.id as Role));
  return users.filter((user) => user.active && inCompany(user, choice.id));
}

/**
 * True when the server has no words for the choices and the people of a company must be named one by one: a company
 * beside a role or another company. Only a complete directory knows all of them.
 */
export function namesPeople(choices: Choice[]): boolean {
  const companies = choices.filter((choice) => choice.kind === 'company').length;
  return companies > 1 || (companies === 1 && choices.some((choice) => choice.kind === 'role'));
}

type Addressed = Pick<NewMessage, 'recipients' | 'roles' | 'company'>;

/**
 * The server takes one company, and with roles it narrows them to it. Chips mean «and also», so a company that
 * stands beside a role or another company is sent as its people.
 */
export function address(choices: Choice[], users: User[], author: string): Addressed {
  const named = choices.filter((choice) => choice.kind === 'user').map((choice) => choice.id);
  const roles = choices.filter((choice) => choice.kind === 'role').map((choice) => choice.id as Role);
  const companies = choices.filter((choice) => choice.kind === 'company');
  if (!namesPeople(choices)) return { recipients: named, roles, company: companies[0]?.id ?? null };
  const members = peopleOf(companies, users, author);
  return { recipients: [...new Set([...named, ...members])], roles, company: null };
}
