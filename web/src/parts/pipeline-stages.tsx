import { figureText, shareText, spanText } from '../format/figures.ts';
import type { PipelineFigures } from '../state/pipeline-figures.ts';
import type { StageName, Trouble } from '../state/pipeline-troubles.ts';
import { SparkLine } from './spark-line.tsx';

const PLACES = 60;

type FigureName = {
  [K in keyof PipelineFigures]: PipelineFigures[K] extends number | undefined ? K : never;
}[keyof PipelineFigures];

interface PipelineStagesProps {
  /** Oldest first. */
  readonly points: readonly PipelineFigures[];
  readonly troubles: readonly Trouble[];
}

interface StageContent {
  readonly name: StageName;
  readonly title: string;
  readonly what: string;
  /** The figure that matters most, as text with what it counts, and as a line. */
  readonly figure: readonly [text: string, unit: string, line: FigureName];
  readonly facts: readonly (readonly [name: string, text: string])[];
}

/** The places a bid goes through, each with the figure that matters most. */
export function PipelineStages({ points, troubles }: PipelineStagesProps) {
  const stages = stagesOf(points);
  return (
    <ol class="stages" data-testid="pipeline">
      {stages.map(({ name, title, what, figure: [text, unit, line], facts }) => {
        const isBad = troubles.some(({ stage }) => stage === name);
        return (
          <li key={name} class={isBad ? 'panel stage stage-bad' : 'panel stage'}>
            <h2>{title}</h2>
            <p class="hint">{what}</p>
            <p class="stage-figure">
              <strong>{text}</strong> {unit}
            </p>
            <SparkLine values={points.map((point) => point[line])} places={PLACES} />
            <dl class="pairs stage-facts">
              {facts.map(([fact, value]) => (
                <div key={fact}>
                  <dt>{fact}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </li>
        );
      })}
    </ol>
  );
}

function stagesOf(points: readonly PipelineFigures[]): readonly StageContent[] {
  const now: Partial<PipelineFigures> = points.at(-1) ?? {};
  // Means and percentiles exist only where something happened: the latest says more than a dash, as
  // long as the service still answers.
  const latest = (name: FigureName, answers: FigureName): number | undefined =>
    now[answers] === undefined
      ? undefined
      : points.findLast((point) => point[name] !== undefined)?.[name];
  return [
    {
      name: 'decide',
      title: 'Decide',
      what: 'in Redis, one script call a batch',
      figure: [figureText(now.acceptedPerSecond), 'bids per second', 'acceptedPerSecond'],
      facts: [
        ['Commands per second', figureText(now.commandsPerSecond)],
        ['Bids a batch', figureText(latest('commandsPerBatch', 'commandsWaiting'))],
        ['Script call', spanText(latest('scriptSeconds', 'commandsWaiting'))],
        ['Waiting', figureText(now.commandsWaiting)],
        ['Memory of Redis', shareText(now.memoryShare)],
      ],
    },
    {
      name: 'show',
      title: 'Show',
      what: 'to everybody who watches',
      figure: [figureText(now.viewers), now.viewers === 1 ? 'viewer' : 'viewers', 'viewers'],
      facts: [
        ['Watched auctions', figureText(now.watchedAuctions)],
        ['Messages per second', figureText(now.sentPerSecond)],
        ['Gaps filled', figureText(now.gapsFilled)],
      ],
    },
    {
      name: 'publish',
      title: 'Publish',
      what: 'to JetStream, behind the answer',
      figure: [spanText(now.unpublishedSeconds), 'behind', 'unpublishedSeconds'],
      facts: [
        ['Events waiting', figureText(now.unpublishedEvents)],
        ['JetStream', publishingText(now.publishing)],
        ['Left to the keeper', figureText(now.missedEntries)],
        ['Lost and repaired', figureText(now.repairedEntries)],
      ],
    },
    {
      name: 'archive',
      title: 'Archive',
      what: 'in Postgres, exactly once',
      figure: [spanText(now.unarchivedSeconds), 'behind', 'unarchivedSeconds'],
      facts: [
        ['Events waiting', figureText(now.unarchivedEvents)],
        ['Events per second', figureText(now.archivedPerSecond)],
        ['Bid to archive', spanText(latest('archiveLagSeconds', 'deadLetters'))],
        ['Dead letters', figureText(now.deadLetters)],
      ],
    },
    {
      name: 'seal',
      title: 'Seal',
      what: 'auctions that are over and archived',
      figure: [spanText(now.sealLagSeconds), 'behind', 'sealLagSeconds'],
      facts: [
        ['Auctions waiting', figureText(now.sealsWaiting)],
        ['Sealed', figureText(now.sealedAuctions)],
        ['In doubt', figureText(now.sealDoubts)],
      ],
    },
    {
      name: 'keep',
      title: 'Open and close',
      what: 'on time, by the keeper',
      figure: [
        spanText(latest('latenessP99Seconds', 'heldShards')),
        'late (p99)',
        'latenessP99Seconds',
      ],
      facts: [
        ['Shards held here', figureText(now.heldShards)],
        ['Sealed and forgotten', figureText(now.forgottenAuctions)],
      ],
    },
  ];
}

function publishingText(publishing: boolean | undefined): string {
  if (publishing === undefined) return '–';
  return publishing ? 'takes events' : 'takes nothing';
}
