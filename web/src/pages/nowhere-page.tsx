import { ButtonLink } from '../parts/button.tsx';
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
        <ButtonLink look="primary" href={lobbyPath('live')}>
          See all auctions
        </ButtonLink>
      </Empty>
    </>
  );
}
