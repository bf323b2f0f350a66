import { Empty } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { lobbyPath } from '../routes.ts';

/** An address that names no page. */
export function NowherePage() {
  return (
    <>
      <PageHead title="Nothing is here" />
      <Empty>
        <p>The address may be mistyped.</p>
        <a class="button button-primary" href={lobbyPath('live')}>
          See all auctions
        </a>
      </Empty>
    </>
  );
}
