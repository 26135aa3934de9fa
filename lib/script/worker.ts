/**
 * The thread that a script lives in: takes one message after the other, and answers each.
 *
 * The entry of a bundle of its own. Must not know: who is at the other end.
 */
import { parentPort } from 'node:worker_threads';
import { unreachable } from '../base/unreachable.ts';
import { Session } from './session.ts';
import { prepareStage } from './stage.ts';
import { type FromThread, postStep, receiveAnswer, type ToThread } from './wire.ts';

const port = parentPort;
if (port !== null) {
  let session: Session | null = null;
  const current = (): Session => {
    if (session === null) throw new Error('nothing has been evaluated in this thread');
    return session;
  };
  const say = (message: FromThread): void => port.postMessage(message);
  const step = (taken: ReturnType<Session['begin']>): void =>
    say({ kind: 'step', step: postStep(taken), over: current().over });

  port.on('message', (message: ToThread) => {
    switch (message.kind) {
      case 'evaluate': {
        const evaluated = Session.evaluate(message.tree, message.options);
        if (!evaluated.ok) return say({ kind: 'not-evaluated', failure: evaluated.error });
        session = evaluated.value;
        return say({ kind: 'evaluated', pipeline: session.pipeline, printed: session.printed });
      }
      case 'begin':
        return step(current().begin(message.job, message.commands));
      case 'resume':
        return step(current().resume(message.job, receiveAnswer(message.answer)));
      case 'abandon':
        return current().abandon(message.job);
      default:
        return unreachable(message);
    }
  });
  say({ kind: 'ready' });
  prepareStage();
}
