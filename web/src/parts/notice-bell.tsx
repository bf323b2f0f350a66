import { agoText } from '../format/time.ts';
import { slowClock } from '../state/clock.ts';
import { news, readNews, unreadNews } from '../state/notices.ts';
import { BellIcon } from './icons.tsx';

const LIST = 'notice-list';

/** The news that came since the page was opened, for those who missed the toast. */
export function NoticeBell() {
  const unread = unreadNews.value;
  return (
    <>
      <button
        type="button"
        class="button-icon bell"
        aria-label={unread === 0 ? 'Notices' : `Notices, ${unread} new`}
        popovertarget={LIST}
      >
        <BellIcon />
        {unread > 0 && (
          <span class="bell-count" aria-hidden="true">
            {unread}
          </span>
        )}
      </button>
      <div
        id={LIST}
        class="user-menu notice-list"
        popover="auto"
        role="region"
        aria-label="Notices"
        onToggle={({ newState }) => {
          if (newState === 'closed') readNews();
        }}
      >
        <NoticeItems />
      </div>
    </>
  );
}

function NoticeItems() {
  const items = news.value;
  if (items.length === 0) {
    return <p class="muted">You will be told here when you are outbid, and when you win.</p>;
  }
  const now = slowClock.value;
  return (
    <ul>
      {items.map(({ id, tone, title, detail, path, atMs }) => (
        <li key={id} class={`notice-item notice-item-${tone}`}>
          <a
            href={path}
            onClick={({ currentTarget }) =>
              currentTarget.closest<HTMLElement>('[popover]')?.hidePopover()
            }
          >
            <strong>{title}</strong> <small>{agoText(atMs, now)}</small>
            <span>{detail}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
