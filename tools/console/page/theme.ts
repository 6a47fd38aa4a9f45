/** The colours of the picture, as the page's style sheet has them now. */
export interface Theme {
    card: string;
    line: string;
    ink: string;
    soft: string;
    caller: string;
    bot: string;
    cut: string;
    vad: string;
    shade: string;
    secure: string;
    focus: string;
    listen: string;
    think: string;
    carry: string;
    play: string;
    /** Marks by the tone of their row. */
    plain: string;
    server: string;
    warn: string;
    bad: string;
    font: string;
    titleFont: string;
}

/** Reads the colours of the theme that is on. */
export function readTheme(): Theme {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    return {
        card: colour('card'),
        line: colour('line'),
        ink: colour('ink'),
        soft: colour('soft'),
        caller: colour('caller'),
        bot: colour('bot'),
        cut: colour('cut'),
        vad: colour('vad'),
        shade: colour('shade'),
        secure: colour('secure'),
        focus: colour('focus'),
        listen: colour('listen'),
        think: colour('think'),
        carry: colour('carry'),
        play: colour('play'),
        plain: colour('caller'),
        server: colour('bot'),
        warn: colour('warn'),
        bad: colour('bad'),
        font: '12px system-ui, sans-serif',
        titleFont: '600 17px system-ui, sans-serif',
    };
}

const KEPT_AS = 'console-theme';

/** Dark or light: as the system has it, until the user chooses. */
export function setUpTheme(button: HTMLButtonElement, onChange: () => void): void {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const isDark = (): boolean => (localStorage.getItem(KEPT_AS) ?? (system.matches ? 'dark' : 'light')) === 'dark';
    const show = (): void => {
        document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
        button.textContent = isDark() ? 'Light' : 'Dark';
        onChange();
    };
    button.addEventListener('click', () => {
        localStorage.setItem(KEPT_AS, isDark() ? 'light' : 'dark');
        show();
    });
    system.addEventListener('change', show);
    show();
}
