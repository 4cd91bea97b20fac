/* A sound card that does not exist: an ALSA plugin for tests, one folder a card.
 *
 *   pcm.village { type fakecard  folder "/some/folder"  rate 48000  channels 1 }
 *
 * The card's clock is CLOCK_MONOTONIC. A sample is appended to FOLDER/capture.raw when the clock has
 * played it, not when it is queued: what a close or an abort throws away is missing there, as it would
 * be from the loudspeaker. FOLDER/starts tells when: for each start of the clock a line with the moment in
 * ns and the samples' place, in frames from the beginning of the capture.
 * Five files change the card while they exist:
 *
 *   FOLDER/unplug  opening fails with -ENODEV; an open stream gets POLLERR|POLLNVAL and -ENODEV for
 *                  ever, also after the file has gone, as snd-usb-audio does after an unplug
 *   FOLDER/busy    opening fails with -EBUSY, as when another program holds the card
 *   FOLDER/stall   the clock stands still: the card takes no more samples and reports no error
 *   FOLDER/deaf    as stall, but the card says that it is ready for more
 *   FOLDER/rush    the card takes everything at once and lets nothing be heard
 *
 * gcc -O2 -Wall -shared -fPIC -DPIC -o libasound_module_pcm_fakecard.so pcm_fakecard.c -lasound
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL

typedef struct {
    snd_pcm_ioplug_t io; /* io.poll_fd is a timer that wakes the player once a period */
    char folder[PATH_MAX];
    int capture;
    int starts;
    int running;
    int gone;
    int64_t started_at;    /* when the clock was last set going, ns */
    uint64_t played_then;  /* frames played by then */
    uint64_t played;       /* frames played by now; may run past `queued`: an underrun */
    uint64_t queued;       /* frames handed over */
    uint64_t captured;     /* frames in the capture file */
    size_t frame_bytes;
    char *ring;            /* io.buffer_size frames, queued but not yet captured */
} card_t;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NANOSECONDS + t.tv_nsec;
}

static int told(const char *folder, const char *what)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", folder, what);
    return access(path, F_OK) == 0;
}

static void wake_every(card_t *card, int64_t ns)
{
    struct timespec period = { ns / NANOSECONDS, ns % NANOSECONDS };
    struct itimerspec timer = { period, period };
    timerfd_settime(card->io.poll_fd, 0, &timer, NULL);
}

static int64_t period_ns(card_t *card)
{
    return NANOSECONDS * card->io.period_size / card->io.rate;
}

static int is_gone(card_t *card)
{
    if (!card->gone && told(card->folder, "unplug")) {
        card->gone = 1;
        card->running = 0;
        wake_every(card, 1);
        snd_pcm_ioplug_set_state(&card->io, SND_PCM_STATE_DISCONNECTED);
    }
    return card->gone;
}

/* Copy between the ring and a flat buffer, in at most two pieces. */
static void copy_ring(card_t *card, uint64_t at, char *flat, uint64_t frames, int into_ring)
{
    while (frames > 0) {
        uint64_t offset = at % card->io.buffer_size;
        uint64_t piece = card->io.buffer_size - offset;
        if (piece > frames)
            piece = frames;
        char *ring = card->ring + offset * card->frame_bytes;
        memcpy(into_ring ? ring : flat, into_ring ? flat : ring, piece * card->frame_bytes);
        flat += piece * card->frame_bytes;
        at += piece;
        frames -= piece;
    }
}

static void write_capture(card_t *card)
{
    uint64_t end = card->played < card->queued ? card->played : card->queued;
    if (end <= card->captured)
        return;
    size_t bytes = (end - card->captured) * card->frame_bytes;
    char *flat = malloc(bytes);
    copy_ring(card, card->captured, flat, end - card->captured, 0);
    if (write(card->capture, flat, bytes) == (ssize_t)bytes)
        card->captured = end;
    free(flat);
}

static void advance(card_t *card)
{
    if (!card->running)
        return;
    int64_t moment = now();
    if (told(card->folder, "rush")) {
        /* All but one frame: a whole buffer at once looks to ALSA as if nothing had been played. */
        card->played = card->played_then = card->captured = card->queued ? card->queued - 1 : 0;
        card->started_at = moment;
        return;
    }
    if (told(card->folder, "stall") || told(card->folder, "deaf")) {
        card->played_then = card->played;
        card->started_at = moment;
        return;
    }
    uint64_t since = (uint64_t)((double)(moment - card->started_at) * card->io.rate / NANOSECONDS);
    card->played = card->played_then + since;
    write_capture(card);
}

static int card_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
    card_t *card = io->private_data;
    card->frame_bytes = snd_pcm_format_physical_width(io->format) / 8 * io->channels;
    free(card->ring);
    card->ring = calloc(io->buffer_size, card->frame_bytes);
    return is_gone(card) ? -ENODEV : 0;
}

static int card_prepare(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    if (is_gone(card))
        return -ENODEV;
    card->running = 0;
    card->played_then = card->played = card->queued = card->captured = 0;
    wake_every(card, period_ns(card));
    return 0;
}

static int card_start(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    if (is_gone(card))
        return -ENODEV;
    card->started_at = now();
    card->played_then = card->played;
    card->running = 1;
    off_t place = lseek(card->capture, 0, SEEK_END) / (off_t)card->frame_bytes;
    dprintf(card->starts, "%lld %lld\n", (long long)card->started_at, (long long)place);
    wake_every(card, period_ns(card));
    return 0;
}

static int card_stop(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    if (!card->gone) {
        advance(card);
        wake_every(card, 0);
    }
    card->running = 0;
    return 0;
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    if (!is_gone(card)) {
        advance(card);
        if (card->running && card->played > card->queued) {
            card->running = 0;
            return -EPIPE;
        }
    }
    return card->played % io->buffer_size;
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                       snd_pcm_uframes_t offset, snd_pcm_uframes_t frames)
{
    card_t *card = io->private_data;
    if (is_gone(card))
        return -ENODEV;
    char *samples = (char *)areas->addr + (areas->first + areas->step * offset) / 8;
    copy_ring(card, card->queued, samples, frames, 1);
    card->queued += frames;
    return frames;
}

static int card_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *frames)
{
    card_t *card = io->private_data;
    if (is_gone(card))
        return -ENODEV;
    advance(card);
    *frames = card->queued > card->played ? card->queued - card->played : 0;
    return 0;
}

static int card_drain(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    while (card->played < card->queued) {
        if (is_gone(card))
            return -ENODEV;
        if (!card->running)
            card_start(io);
        usleep(2000);
        advance(card);
    }
    return 0;
}

static int card_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *pfd, unsigned count,
                             unsigned short *revents)
{
    card_t *card = io->private_data;
    uint64_t expirations;
    if (is_gone(card)) {
        *revents = POLLERR | POLLNVAL;
        return 0;
    }
    if (read(io->poll_fd, &expirations, sizeof expirations) < 0) {
        /* nothing expired: the player polled for another reason */
    }
    advance(card);
    int64_t space = (int64_t)io->buffer_size - (int64_t)(card->queued - card->played);
    int writable = !card->running || told(card->folder, "deaf") || space >= (int64_t)io->period_size;
    *revents = writable ? POLLOUT : 0;
    return 0;
}

static int card_close(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    close(io->poll_fd);
    close(card->capture);
    close(card->starts);
    free(card->ring);
    free(card);
    return 0;
}

static const snd_pcm_ioplug_callback_t CARD = {
    .start = card_start,
    .stop = card_stop,
    .pointer = card_pointer,
    .transfer = card_transfer,
    .close = card_close,
    .hw_params = card_hw_params,
    .prepare = card_prepare,
    .drain = card_drain,
    .poll_revents = card_poll_revents,
    .delay = card_delay,
};

static void limit_to(snd_pcm_ioplug_t *io, unsigned rate, unsigned channels)
{
    static const unsigned accesses[] = { SND_PCM_ACCESS_MMAP_INTERLEAVED, SND_PCM_ACCESS_RW_INTERLEAVED };
    static const unsigned formats[] = { SND_PCM_FORMAT_S16_LE };
    snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, accesses);
    snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats);
    snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_RATE, 1, &rate);
    snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, channels, channels);
    snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 128, 1 << 20);
    snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 256, 1 << 21);
    snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
}

static int append_to(const char *folder, const char *name)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int open_card(snd_pcm_t **pcmp, const char *name, snd_pcm_stream_t stream, int mode,
                     const char *folder, unsigned rate, unsigned channels)
{
    card_t *card = calloc(1, sizeof *card);
    snprintf(card->folder, sizeof card->folder, "%s", folder);
    card->capture = append_to(folder, "capture.raw");
    card->starts = append_to(folder, "starts");
    card->io.version = SND_PCM_IOPLUG_VERSION;
    card->io.name = "A sound card that does not exist";
    card->io.callback = &CARD;
    card->io.private_data = card;
    card->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    card->io.poll_events = POLLIN;
    int error = snd_pcm_ioplug_create(&card->io, name, stream, mode);
    if (error < 0) {
        close(card->io.poll_fd);
        close(card->capture);
        close(card->starts);
        free(card);
        return error;
    }
    limit_to(&card->io, rate, channels);
    *pcmp = card->io.pcm;
    return 0;
}

SND_PCM_PLUGIN_DEFINE_FUNC(fakecard)
{
    snd_config_iterator_t entry, next;
    const char *folder = NULL;
    long rate = 48000, channels = 1;
    if (stream != SND_PCM_STREAM_PLAYBACK)
        return -EINVAL;
    snd_config_for_each(entry, next, conf) {
        snd_config_t *node = snd_config_iterator_entry(entry);
        const char *id;
        if (snd_config_get_id(node, &id) < 0)
            continue;
        if (!strcmp(id, "folder"))
            snd_config_get_string(node, &folder);
        else if (!strcmp(id, "rate"))
            snd_config_get_integer(node, &rate);
        else if (!strcmp(id, "channels"))
            snd_config_get_integer(node, &channels);
    }
    if (!folder)
        return -EINVAL;
    if (told(folder, "unplug"))
        return -ENODEV;
    if (told(folder, "busy"))
        return -EBUSY;
    return open_card(pcmp, name, stream, mode, folder, rate, channels);
}

SND_PCM_PLUGIN_SYMBOL(fakecard);
