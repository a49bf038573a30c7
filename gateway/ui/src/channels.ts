/** The channels. Everything in which one differs from another for several screens stands here. */
import type { Channel } from './contract';
import type { Icon } from './ui/icons';

interface ChannelRules {
  /** The icon of a notification. */
  icon: Icon;
  /** The icon of the place where it arrives. */
  place: Icon;
  /** The longest subject in characters; null: the channel has no subject. The server's limits. */
  subjectMax: number | null;
  /** The longest body in characters. */
  bodyMax: number;
}

export const CHANNEL: Record<Channel, ChannelRules> = {
  sms: { icon: 'sms', place: 'phone', subjectMax: null, bodyMax: 1_600 },
  email: { icon: 'mail', place: 'mail', subjectMax: 200, bodyMax: 100_000 },
};

export const CHANNELS = Object.keys(CHANNEL) as Channel[];
