import { OPERATIONS_PATH } from '../routes.ts';

/** The foot of every page: for those who run the house, and those who build on it. */
export function SiteFooter({ gatewayUrl }: { readonly gatewayUrl: string | undefined }) {
  return (
    <footer class="site-foot">
      <div class="site-foot-row">
        <p>Every bid is decided in the moment, and sealed when the auction is over.</p>
        <nav aria-label="More">
          <a href={OPERATIONS_PATH}>Operations</a>
          {gatewayUrl !== undefined && <a href={`${gatewayUrl}/docs`}>API</a>}
        </nav>
      </div>
    </footer>
  );
}
