import { noticeTexts } from '../format/notice-texts.ts';
import { agoText } from '../format/time.ts';
import { roomPath } from '../routes.ts';
import { slowClock } from '../state/clock.ts';
import { noticeKey } from '../state/merge-notices.ts';
import { news, readNews, unreadNews } from '../state/notices.ts';
import { BellIcon } from './icons.tsx';

const LIST = 'notice-list';

/** What the user is told, on every device until it is read. */
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
    return (
      <p class="muted">
        You will be told here when you are outbid, when you win, and when what you bid on or saved
        is about to end.
      </p>
    );
  }
  const now = slowClock.value;
  return (
    <ul>
      {items.map((notice) => {
        const { tone, title, detail } = noticeTexts(notice, now);
        return (
          <li
            key={noticeKey(notice)}
            class={`notice-item notice-item-${tone} ${notice.unread ? 'notice-item-new' : ''}`}
          >
            <a
              href={roomPath(notice.auctionId)}
              onClick={({ currentTarget }) =>
                currentTarget.closest<HTMLElement>('[popover]')?.hidePopover()
              }
            >
              <strong>{title}</strong> <small class="hint">{agoText(notice.atMs, now)}</small>
              <span class="hint">
                {notice.unread && <span class="unseen">New: </span>}
                {detail}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
