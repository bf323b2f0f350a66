import type { ComponentChildren } from 'preact';
import { figureText, spanText } from '../format/figures.ts';
import type { PipelineFigures } from '../state/pipeline-figures.ts';
import { SparkLine } from './spark-line.tsx';

const PLACES = 60;

type FigureName = {
  [K in keyof PipelineFigures]: PipelineFigures[K] extends number | undefined ? K : never;
}[keyof PipelineFigures];

interface PipelineStagesProps {
  /** Oldest first. */
  readonly points: readonly PipelineFigures[];
}

/** The four places a bid goes through, each with the figure that matters most. */
export function PipelineStages({ points }: PipelineStagesProps) {
  const now: Partial<PipelineFigures> = points.at(-1) ?? {};
  const last = (name: FigureName): number | undefined => lastMeasured(points, name);
  const line = (name: FigureName) => (
    <SparkLine values={points.map((point) => point[name])} places={PLACES} />
  );
  return (
    <ol class="stages" data-testid="pipeline">
      <Stage
        title="Decide"
        what="Redis, one script call a batch"
        figure={figureText(now.acceptedPerSecond)}
        unit="bids a second"
        line={line('acceptedPerSecond')}
        bad={(now.commandsWaiting ?? 0) > 1_000}
        facts={[
          ['Commands a second', figureText(now.commandsPerSecond)],
          ['Bids a batch', figureText(last('commandsPerBatch'))],
          ['Waiting', figureText(now.commandsWaiting)],
        ]}
      />
      <Stage
        title="Publish"
        what="to JetStream, behind the answer"
        figure={figureText(now.entriesUnpublished)}
        unit="entries waiting"
        line={line('entriesUnpublished')}
        bad={now.publishing === false}
        facts={[
          ['JetStream', publishingText(now.publishing)],
          ['Repaired since start', figureText(now.repairedEntries)],
        ]}
      />
      <Stage
        title="Archive"
        what="in Postgres, exactly once"
        figure={spanText(last('archiveLagSeconds'))}
        unit="bid to archive"
        line={line('archiveLagSeconds')}
        bad={(now.deadLetters ?? 0) > 0 || (now.sealDoubts ?? 0) > 0}
        facts={[
          ['Messages behind', figureText(now.messagesBehind)],
          ['Events a second', figureText(now.archivedPerSecond)],
          ['Sealed auctions', figureText(now.sealedAuctions)],
          ['Dead letters', figureText(now.deadLetters)],
          ['Doubtful seals', figureText(now.sealDoubts)],
        ]}
      />
      <Stage
        title="Show"
        what="to everybody who watches"
        figure={figureText(now.viewers)}
        unit={now.viewers === 1 ? 'viewer' : 'viewers'}
        line={line('viewers')}
        bad={false}
        facts={[
          ['Watched auctions', figureText(now.watchedAuctions)],
          ['Messages a second', figureText(now.sentPerSecond)],
          ['Gaps filled', figureText(now.gapsFilled)],
        ]}
      />
    </ol>
  );
}

/** Some figures exist only where something happened: the latest of them says more than a dash. */
function lastMeasured(points: readonly PipelineFigures[], name: FigureName): number | undefined {
  return points.findLast((point) => point[name] !== undefined)?.[name];
}

function publishingText(publishing: boolean | undefined): string {
  if (publishing === undefined) return '–';
  return publishing ? 'takes events' : 'takes nothing';
}

interface StageProps {
  readonly title: string;
  readonly what: string;
  readonly figure: string;
  readonly unit: string;
  readonly line: ComponentChildren;
  /** Somebody should look at it. */
  readonly bad: boolean;
  readonly facts: readonly (readonly [name: string, text: string])[];
}

function Stage({ title, what, figure, unit, line, bad, facts }: StageProps) {
  return (
    <li class={bad ? 'panel stage stage-bad' : 'panel stage'}>
      <h2>{title}</h2>
      <p class="hint">{what}</p>
      <p class="stage-figure">
        <strong>{figure}</strong> {unit}
      </p>
      {line}
      <dl class="stage-facts">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
