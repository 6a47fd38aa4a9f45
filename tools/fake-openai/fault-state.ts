import { API_FAULTS, type ApiFault } from './api-faults';
import type { ConnectionPlan } from './faults';

/** The faults of one connection that are still to happen; each use takes one away. Also armed in mid-call. */
export class FaultState {
    private updatesToRefuse: number;
    private createsToRefuse: number;
    private truncationsToRefuse: number;
    private stallAfterDeltas: number | undefined;

    constructor(private readonly plan: ConnectionPlan) {
        this.updatesToRefuse = plan.refuseUpdates ?? 0;
        this.createsToRefuse = plan.refuseCreates ?? 0;
        this.truncationsToRefuse = plan.refuseTruncations ?? 0;
        this.stallAfterDeltas = plan.stallAfterDeltas;
    }

    refuseUpdates(count: number): void {
        this.updatesToRefuse = count;
    }

    refuseCreates(count: number): void {
        this.createsToRefuse = count;
    }

    refuseTruncations(count: number): void {
        this.truncationsToRefuse = count;
    }

    /** The next answer goes silent after this many deltas. */
    stallNextAnswer(afterDeltas: number): void {
        this.stallAfterDeltas = afterDeltas;
    }

    updateFault(): ApiFault | undefined {
        if (this.updatesToRefuse-- <= 0) return undefined;
        return this.plan.updateFault ?? API_FAULTS.serverError();
    }

    createFault(activeId: string): ApiFault | undefined {
        return this.createsToRefuse-- > 0 ? API_FAULTS.alreadyActive(activeId) : undefined;
    }

    truncateFault(): ApiFault | undefined {
        if (this.truncationsToRefuse-- <= 0) return undefined;
        return this.plan.truncateFault ?? API_FAULTS.notTruncatable();
    }

    takeStall(): number | undefined {
        const after = this.stallAfterDeltas;
        this.stallAfterDeltas = undefined;
        return after;
    }
}
