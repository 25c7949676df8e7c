import { config } from '@grafana/runtime';

const KEPT = 50;

function key(uid: string): string {
  const user = config.bootData?.user;
  return `pgkpi-chat:${user?.orgId ?? 0}:${user?.id ?? 0}:${uid}`;
}

/** The questions this user asked in this browser, newest first. */
export function past(uid: string): string[] {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(key(uid)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((question): question is string => typeof question === 'string') : [];
  } catch {
    return [];
  }
}

/** Keeps a question; the same one is kept once. */
export function keep(uid: string, question: string): string[] {
  const questions = [question, ...past(uid).filter((known) => known !== question)].slice(0, KEPT);
  try {
    window.localStorage.setItem(key(uid), JSON.stringify(questions));
  } catch {
    // A browser that stores nothing has no history; the chat works without.
  }
  return questions;
}

export function forget(uid: string): void {
  try {
    window.localStorage.removeItem(key(uid));
  } catch {
    // As above.
  }
}
