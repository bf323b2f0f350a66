import { dismissToast, toasts } from '../state/notices.ts';
import { CloseIcon } from './icons.tsx';

/** News from auctions on other pages. */
export function Toasts() {
  return (
    <div class="toasts" role="status">
      {toasts.value.map(({ id, tone, title, detail, path }) => (
        <div key={id} class={`toast toast-${tone}`}>
          {path === null ? (
            <p>
              <strong>{title}</strong>
              <span dir="auto">{detail}</span>
            </p>
          ) : (
            <a href={path} onClick={() => dismissToast(id)}>
              <strong>{title}</strong>
              <span>{detail}</span>
            </a>
          )}
          <button
            type="button"
            class="button-icon"
            aria-label="Dismiss"
            onClick={() => dismissToast(id)}
          >
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}
