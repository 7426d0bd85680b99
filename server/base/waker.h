/* Ends the wait of a request that waits without a thread. The holder of a waker may call
 * `wake` from any thread, under any lock, any number of times. A call means no more than
 * "look again". */
#ifndef IM_BASE_WAKER_H
#define IM_BASE_WAKER_H

struct im_waker {
    void (*wake)(struct im_waker *waker);
};

#endif
