import { useEffect, useMemo } from 'preact/hooks';
import { HealthStrip } from '../parts/health-strip.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PipelineStages } from '../parts/pipeline-stages.tsx';
import { Operations, SERVICE_NAMES } from '../state/operations.ts';

/** The pipeline, live, for whoever runs it. */
export function OperationsPage() {
  const operations = useMemo(() => new Operations(), []);
  useEffect(() => {
    operations.open();
    return () => operations.close();
  }, [operations]);
  const health = operations.health.value;
  const isHidden = SERVICE_NAMES.every((name) => health[name].state === 'hidden');
  return (
    <>
      <PageHead title="Operations">
        <p class="page-intro">
          A bid's way through the house, read anew every two seconds, the last two minutes as lines.
        </p>
      </PageHead>
      {isHidden ? (
        <section class="empty">
          <p>
            This web server does not pass on the services' figures. Open the page where the operator
            has allowed it.
          </p>
        </section>
      ) : (
        <div class="operations">
          <HealthStrip health={health} />
          <PipelineStages points={operations.points.value} />
          <p class="hint">
            The figures of each service are those of the one process that this web server reaches,
            and count from its start.
          </p>
        </div>
      )}
    </>
  );
}
