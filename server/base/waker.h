/* How somebody who waits without a thread is told that it is time: whoever holds a waker
 * may call `wake`, from any thread, under any lock, any number of times. It means no more
 * than "look again". */
#ifndef IM_BASE_WAKER_H
#define IM_BASE_WAKER_H

struct im_waker {
    void (*wake)(struct im_waker *waker);
};

#endif
