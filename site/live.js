// What a page gains from a script: times as people say them, and a fresh look while something goes on.
// Everything is readable without it, and it asks for nothing but the page's own newer self.
(() => {
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ];
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

  const ago = (milliseconds) => {
    const seconds = Math.round(milliseconds / 1000);
    for (const [size, unit] of units) {
      if (Math.abs(seconds) >= size) return relative.format(-Math.trunc(seconds / size), unit);
    }
    return 'just now';
  };

  const elapsed = (milliseconds) => {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  };

  const tick = () => {
    const now = Date.now();
    for (const time of document.querySelectorAll('time[data-when]')) {
      if (!time.title) time.title = `${time.textContent} UTC`;
      const age = now - Date.parse(time.dateTime);
      if (age < 14 * 86_400_000) time.textContent = ago(age);
    }
    for (const time of document.querySelectorAll('time[data-since]')) {
      time.textContent = elapsed(now - Date.parse(time.dateTime));
    }
  };

  // A link to a line or a command opens what hides it.
  const reveal = () => {
    const target =
      location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    const details = target?.closest('details');
    if (details && !details.open) {
      details.open = true;
      target.scrollIntoView();
    }
  };

  const main = () => document.getElementById('main');

  // What the reader opened or closed stays so.
  const keep = (from, to) => {
    for (const details of from.querySelectorAll('details[data-touched]')) {
      const twin = details.id
        ? to.querySelector(`#${CSS.escape(details.id)}`)
        : to.querySelector('details.more');
      if (twin) {
        twin.open = details.open;
        twin.dataset.touched = '';
      }
    }
  };

  let seen = null;

  const look = async () => {
    const answer = await fetch(location.href.split('#')[0], { cache: 'no-cache' });
    if (!answer.ok) return;
    const text = await answer.text();
    if (text === seen) return;
    const first = seen === null;
    seen = text;
    const page = new DOMParser().parseFromString(text, 'text/html');
    const fresh = page.getElementById('main');
    const old = main();
    if (!fresh || !old || (first && page.title === document.title && sameBody(page))) return;
    const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 40;
    const focused = document.activeElement?.id;
    keep(old, fresh);
    old.replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    const icon = page.querySelector('link[rel=icon]')?.getAttribute('href');
    if (icon) document.querySelector('link[rel=icon]')?.setAttribute('href', icon);
    tick();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (atEnd && document.querySelector('.log') && window.scrollY > 0)
      window.scrollTo(0, document.documentElement.scrollHeight);
  };

  // The page as it was served, before times were made relative.
  const served = document.documentElement.cloneNode(true);
  const sameBody = (page) =>
    page.getElementById('main')?.textContent === served.querySelector('#main')?.textContent;

  // A page that says nothing of a next look is final.
  const follow = () => {
    const seconds = Number(main()?.dataset.refresh ?? 0);
    if (!seconds) return;
    setTimeout(async () => {
      if (document.visibilityState === 'visible') await look().catch(() => undefined);
      follow();
    }, seconds * 1000);
  };

  document.addEventListener('click', (event) => {
    const summary = event.target instanceof Element ? event.target.closest('summary') : null;
    if (summary?.parentElement) summary.parentElement.dataset.touched = '';
  });
  addEventListener('hashchange', reveal);
  tick();
  setInterval(tick, 1000);
  reveal();
  // From a file there is nobody to ask.
  if (location.protocol === 'http:' || location.protocol === 'https:') follow();
})();
