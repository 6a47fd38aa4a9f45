/** How the caller's voice is found. */
export type MicrophoneState = 'none' | 'on' | 'silent' | 'denied' | 'missing';

/** The sound of the page: a loudspeaker always, a microphone where there is one and it is allowed. */
export class Sound {
    private context: AudioContext | undefined;
    private microphone: AudioWorkletNode | undefined;
    private stream: MediaStream | undefined;
    private analyser: AnalyserNode | undefined;
    private state: MicrophoneState = 'none';

    /** `joinLine` takes the two ports between the audio thread and the line. */
    constructor(private readonly joinLine: (microphone: MessagePort, speaker: MessagePort) => void) {}

    get microphoneState(): MicrophoneState {
        return this.state;
    }

    /** The system has taken the microphone away, or it was pulled out. */
    get isCutOff(): boolean {
        return (this.stream?.getAudioTracks() ?? []).some(({ muted, readyState }) => muted || readyState === 'ended');
    }

    /** Milliseconds that the browser says it takes from its output to the loudspeaker. */
    get outputDelayMs(): number {
        const { baseLatency = 0, outputLatency = 0 } = this.context ?? {};
        return (baseLatency + outputLatency) * 1000;
    }

    /** Loudspeaker on; must come from a click or a key, or browsers stay silent. */
    async open(): Promise<void> {
        this.context ??= await this.createContext();
        await this.context.resume();
    }

    /** Microphone on. Never rejects: without one, `microphoneState` says why. */
    async openMicrophone(): Promise<void> {
        if (this.stream !== undefined || this.context === undefined || this.microphone === undefined) return;
        try {
            this.stream = await navigator.mediaDevices.getUserMedia({
                audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
            });
            this.state = 'on';
            const source = this.context.createMediaStreamSource(this.stream);
            source.connect(this.microphone);
            if (this.analyser !== undefined) source.connect(this.analyser);
        } catch (fault) {
            this.state = fault instanceof DOMException && fault.name === 'NotAllowedError' ? 'denied' : 'missing';
        }
    }

    /** The browser's sign that a page listens goes out. */
    closeMicrophone(): void {
        for (const track of this.stream?.getTracks() ?? []) track.stop();
        this.stream = undefined;
        if (this.state === 'on') this.state = 'none';
    }

    mute(muted: boolean): void {
        this.microphone?.port.postMessage({ muted });
        for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !muted;
    }

    /** How loud the microphone is now, 0 … 1. */
    get level(): number {
        if (this.stream === undefined || this.analyser === undefined) return 0;
        const samples = new Float32Array(this.analyser.fftSize);
        this.analyser.getFloatTimeDomainData(samples);
        let loudest = 0;
        for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
        return Math.min(1, loudest);
    }

    private async createContext(): Promise<AudioContext> {
        const context = new AudioContext({ latencyHint: 'interactive' });
        await Promise.all([
            context.audioWorklet.addModule('/microphone-worklet.js'),
            context.audioWorklet.addModule('/speaker-worklet.js'),
        ]);
        this.microphone = new AudioWorkletNode(context, 'telephone-microphone', { numberOfOutputs: 0 });
        const speaker = new AudioWorkletNode(context, 'telephone-speaker', {
            numberOfInputs: 0,
            outputChannelCount: [1],
        });
        speaker.connect(context.destination);
        this.analyser = new AnalyserNode(context, { fftSize: 1024 });
        this.joinPorts(this.microphone, speaker);
        return context;
    }

    private joinPorts(microphone: AudioWorkletNode, speaker: AudioWorkletNode): void {
        const [up, down] = [new MessageChannel(), new MessageChannel()];
        microphone.port.postMessage({ port: up.port1 }, [up.port1]);
        speaker.port.postMessage({ port: down.port1 }, [down.port1]);
        this.joinLine(up.port2, down.port2);
    }
}
