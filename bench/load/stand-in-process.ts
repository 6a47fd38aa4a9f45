/** The stand-in for the service, in a process of its own: says its address, and what it has seen when it is asked. */
import { answerRequests } from './requests';
import { LoadStandIn } from './stand-in';

const standIn = new LoadStandIn();
const started = standIn.start();

answerRequests(async (what) => {
    const url = await started;
    return what === 'address' ? url : standIn.take();
});
