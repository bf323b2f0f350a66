import { dismissToast, toasts, type Toast } from '../state/notices.ts';
import { CloseIcon } from './icons.tsx';

/** News from auctions on other pages. */
export function Toasts() {
  return (
    <div class="toasts" role="status">
      {toasts.value.map((toast, place) => (
        <div key={place} class="toast-place">
          {toast && <ToastCard key={toast.id} {...toast} />}
        </div>
      ))}
    </div>
  );
}

function ToastCard({ id, tone, title, detail, path }: Toast) {
  return (
    <div class={`toast toast-${tone}`}>
      {path === null ? (
        <p>
          <strong>{title}</strong>
          <span class="hint" dir="auto">
            {detail}
          </span>
        </p>
      ) : (
        <a href={path} onClick={() => dismissToast(id)}>
          <strong>{title}</strong>
          <span class="hint">{detail}</span>
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
  );
}
