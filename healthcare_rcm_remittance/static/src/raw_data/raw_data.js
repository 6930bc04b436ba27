import {
    Component,
    onMounted,
    onPatched,
    onWillStart,
    onWillUpdateProps,
    useRef,
    useState,
} from "@odoo/owl";
import {useService} from "@web/core/utils/hooks";

// What is shown at once; scrolling further drops what is far away.
const MOST_LINES = 1200;
const NUMBERED = 10;

/** The segments of a payment or file, a window at a time, one of them marked. */
export class RawData extends Component {
    static template = "healthcare_rcm_remittance.RawData";
    static props = {
        resModel: String,
        resId: Number,
        place: {type: Object, optional: true},
    };

    setup() {
        this.orm = useService("orm");
        this.scroller = useRef("scroller");
        this.target = null;
        this.state = useState({
            lines: [],
            before: false,
            after: false,
            separator: "*",
            name: "",
            lower: 0,
            upper: 0,
            goTo: "",
            failed: "",
        });
        onWillStart(() => this.look(this.props, this.props.place?.offset));
        onWillUpdateProps((next) => {
            if (next.resId !== this.props.resId) {
                return this.look(next, next.place?.offset);
            }
        });
        onMounted(() => this.settle());
        onPatched(() => this.settle());
    }

    /** Fetch one window; a refusal is told, not thrown. */
    async fetch(props, offset, direction) {
        try {
            return await this.orm.call(props.resModel, "get_raw", [[props.resId]], {
                offset: offset ?? null,
                direction,
            });
        } catch (error) {
            this.state.failed = error.data?.message || error.message;
            return null;
        }
    }

    async look(props, offset) {
        const window = await this.fetch(props, offset, "around");
        if (window) {
            this.target = offset ?? null;
            Object.assign(this.state, window, {failed: ""});
        }
    }

    async earlier() {
        const first = this.state.lines[0];
        const window = await this.fetch(this.props, first.offset, "before");
        if (window) {
            this.target = first.offset;
            const lines = [...window.lines, ...this.state.lines];
            this.state.after = this.state.after || lines.length > MOST_LINES;
            this.state.lines = lines.slice(0, MOST_LINES);
            this.state.before = window.before;
        }
    }

    async later() {
        const last = this.state.lines.at(-1);
        const next = last.offset + last.length;
        const window = await this.fetch(this.props, next, "after");
        if (window) {
            const lines = [...this.state.lines, ...window.lines];
            this.target = lines.length > MOST_LINES ? last.offset : null;
            this.state.before = this.state.before || lines.length > MOST_LINES;
            this.state.lines = lines.slice(-MOST_LINES);
            this.state.after = window.after;
        }
    }

    onGoTo() {
        const offset = parseInt(this.state.goTo.replace(/^@/, ""), 10);
        if (!Number.isNaN(offset)) {
            return this.look(this.props, offset);
        }
    }

    /** Bring what was asked for into sight: the line that holds its byte. */
    settle() {
        const root = this.scroller.el;
        if (!root || this.target === null) {
            return;
        }
        const held = this.state.lines.findLast((line) => line.offset <= this.target);
        const line = root.querySelector(`[data-offset="${held?.offset}"]`);
        this.target = null;
        if (line) {
            const distance = line.getBoundingClientRect().top;
            const shift = distance - root.getBoundingClientRect().top;
            root.scrollTop += shift - root.clientHeight / 2;
        }
    }

    isMarked(line) {
        const place = this.props.place;
        return Boolean(place?.length) && line.offset === place.offset;
    }

    /** Whether the line belongs to the claim or service that the mark opens. */
    isWithin(line) {
        const place = this.props.place;
        return Boolean(
            place?.end && line.offset >= place.offset && line.offset < place.end
        );
    }

    isElementMarked(line, index) {
        return this.isMarked(line) && this.props.place.elements.includes(index);
    }

    /** As the guides name it: CLP04. */
    nameOf(line, index) {
        return index ? line.elements[0] + (index < NUMBERED ? `0${index}` : index) : "";
    }
}
