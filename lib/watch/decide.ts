/**
 * What a watch does next: start a run, end the one that goes on, or leave.
 *
 * Pure. Must not know: files, timers, how a run is worked.
 */

/** All that the watch is for, or the jobs that failed last. */
export type Wish = 'all' | 'failed';

export type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  /** A run was told to end; what follows its end. */
  | { readonly kind: 'ending'; readonly next: Wish | 'leave' }
  | { readonly kind: 'over' };

export type Happening =
  /** A file is not what it was, and no job is to blame. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'asked'; readonly wish: Wish }
  | { readonly kind: 'ended' }
  | { readonly kind: 'quit' };

export type Act =
  | { readonly kind: 'start'; readonly wish: Wish }
  | { readonly kind: 'end' }
  | { readonly kind: 'leave' };

export type Decision = { readonly state: State; readonly act: Act | null };

const stay = (state: State): Decision => ({ state, act: null });
const start = (wish: Wish): Decision => ({ state: { kind: 'running' }, act: { kind: 'start', wish } });
const leave: Decision = { state: { kind: 'over' }, act: { kind: 'leave' } };

export function decide(state: State, happening: Happening): Decision {
  switch (state.kind) {
    case 'waiting':
      if (happening.kind === 'quit') return leave;
      return happening.kind === 'ended' ? stay(state) : start(wishOf(happening));
    case 'running':
      if (happening.kind === 'ended') return stay({ kind: 'waiting' });
      return { state: { kind: 'ending', next: nextOf(happening) }, act: { kind: 'end' } };
    case 'ending': {
      if (happening.kind === 'ended') return state.next === 'leave' ? leave : start(state.next);
      // Nothing comes after leaving, and what changed has to be looked at whole.
      const settled = state.next === 'leave' || (happening.kind === 'asked' && state.next === 'all');
      return settled ? stay(state) : stay({ kind: 'ending', next: nextOf(happening) });
    }
    case 'over':
      return stay(state);
  }
}

const wishOf = (happening: Happening): Wish => (happening.kind === 'asked' ? happening.wish : 'all');

const nextOf = (happening: Happening): Wish | 'leave' =>
  happening.kind === 'quit' ? 'leave' : wishOf(happening);
