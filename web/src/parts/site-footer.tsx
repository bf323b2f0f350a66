/** The foot of every page. */
export function SiteFooter() {
  return (
    <footer class="site-foot hint">
      <div class="site-foot-row">
        <p>Every bid is decided in the moment, and sealed when the auction is over.</p>
      </div>
    </footer>
  );
}
