import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What is kept of an item, stored as length-prefixed binary. */
final class Item {
    long version;
    long amount;
    long updatedAt;
    String stage = Rules.FIRST_STAGE;
    String title = "";

    static Item decode(byte[] stored) {
        Item item = new Item();
        if (stored == null) {
            return item;
        }
        ByteBuffer in = ByteBuffer.wrap(stored);
        item.version = in.getLong();
        item.amount = in.getLong();
        item.updatedAt = in.getLong();
        item.stage = text(in);
        item.title = text(in);
        return item;
    }

    byte[] encode() {
        byte[] stageBytes = stage.getBytes(StandardCharsets.UTF_8);
        byte[] titleBytes = title.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(3 * Long.BYTES + 2 * Short.BYTES + stageBytes.length + titleBytes.length);
        out.putLong(version).putLong(amount).putLong(updatedAt);
        out.putShort((short) stageBytes.length).put(stageBytes);
        out.putShort((short) titleBytes.length).put(titleBytes);
        return out.array();
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[in.getShort()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
