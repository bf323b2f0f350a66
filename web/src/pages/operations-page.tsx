import { useEffect, useMemo } from 'preact/hooks';
import { Empty } from '../parts/empty.tsx';
import { HealthStrip } from '../parts/health-strip.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PipelineStages } from '../parts/pipeline-stages.tsx';
import { TroubleList } from '../parts/trouble-list.tsx';
import { Operations, SERVICE_NAMES } from '../state/operations.ts';
import { troublesOf } from '../state/pipeline-troubles.ts';

/** The pipeline, live, for whoever runs it. */
export function OperationsPage() {
  const operations = useMemo(() => new Operations(), []);
  useEffect(() => {
    operations.open();
    return () => operations.close();
  }, [operations]);
  const health = operations.health.value;
  const points = operations.points.value;
  const troubles = troublesOf(health, points.at(-1) ?? {});
  const isHidden = SERVICE_NAMES.every((name) => health[name].state === 'hidden');
  return (
    <>
      <PageHead title="Operations">
        <p class="page-intro">
          A bid's way through the house, read anew every two seconds, the last two minutes as lines.
        </p>
      </PageHead>
      {isHidden ? (
        <Empty>
          <p>
            This web server does not pass on the services' figures. Open the page where the operator
            has allowed it.
          </p>
        </Empty>
      ) : (
        <div class="operations">
          <HealthStrip health={health} />
          {points.length > 0 && <TroubleList troubles={troubles} />}
          <PipelineStages points={points} troubles={troubles} />
          <p class="hint">
            The figures of each service are those of the one process that this web server reaches.
            Counts begin with its start; “behind” is the age of the oldest event that has not got
            there.
          </p>
        </div>
      )}
    </>
  );
}
